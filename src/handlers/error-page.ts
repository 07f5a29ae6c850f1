// The page that an error is answered with, unless a handler brings its own `errorMessageFormat`.

/** A printf-style format with `%(code)d`, `%(message)s` and `%(explain)s`; a percent sign is doubled. */
export const DEFAULT_ERROR_MESSAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(code)d %(message)s</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; }
</style>
</head>
<body>
<h1>%(code)d %(message)s</h1>
<p>%(explain)s.</p>
</body>
</html>
`;
