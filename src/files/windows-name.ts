// Which names Windows would not take for a plain file of that very name. Pure text, so it is tested on every platform.

/**
 * Whether `name`, one path segment, can only mean the file of that name on Windows. Not so: drives (`C:`), streams
 * (`a.txt::$DATA`), `\\?\` and UNC prefixes, wildcards, controls, devices (`nul.txt`, `COM1 `, `COM¹`), 8.3 aliases
 * (`PROGRA~1`), and a dot or space at the end, which Windows drops.
 */
export function isSafeWindowsName(name: string): boolean {
  return !/[\0-\x1f<>:"/\\|?*]|~\d/.test(name) && !/[. ]$/.test(name) && !isDevice(name);
}

/** A device keeps its meaning with any extension, and with spaces before the extension. */
function isDevice(name: string): boolean {
  const stem = name.split('.', 1)[0]!.trimEnd();
  return /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$/i.test(stem);
}
