// Proactive negotiation: which content coding and which media type the client would rather have (RFC 9110 §12).
// Field text in, choice out; a member of a list that cannot be read is passed over.

/**
 * The content coding to send, chosen from `available` and `'identity'`; `undefined` if the client refuses them all
 * (RFC 9110 §12.5.3 would have 406, most servers send identity all the same). The highest weight wins, then the
 * order of `available`. Codings that are not listed are not sent; identity that is not listed is the last resort, and
 * what a request without the field gets.
 * @param field Accept-Encoding, several lines joined by `, `. @param available in order of the server's preference.
 */
export function negotiateEncoding<Coding extends string>(
  field: string | undefined,
  available: readonly Coding[],
): Coding | 'identity' | undefined {
  if (field === undefined) return 'identity';
  const weights = codingWeights(field);
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*');
  const offers = available.map((coding) => ({ choice: coding, weight: weightOf(coding) ?? 0 }));
  return best<Coding | 'identity'>([
    ...offers,
    { choice: 'identity', weight: weightOf('identity') ?? LAST_RESORT },
  ]);
}

/**
 * Which of `types` (`text/html`, lower case, no parameters) the client prefers; `undefined` if it accepts none. The
 * most specific range decides a type's weight; between equal weights the more specific range wins (a client that
 * sends `application/json, *\/*` wants JSON), then the order of `types`. Parameters of a range other than its weight
 * are not looked at. Without the field, or with an empty one, the first type.
 * @param field Accept, several lines joined by `, `.
 */
export function prefers<Type extends string>(
  field: string | undefined,
  types: readonly Type[],
): Type | undefined {
  if (field === undefined || field.trim() === '') return types[0];
  const weights = new Map(members(field).map(({ value, weight }) => [value, weight]));
  return best(types.map((type) => ({ choice: type, weight: rangeWeight(type, weights) })));
}

// Browsers send the same field with each request.
const codingsMet = new Map<string, ReadonlyMap<string, number>>();
const CODINGS_MET_MAX = 64;

function codingWeights(field: string): ReadonlyMap<string, number> {
  const known = codingsMet.get(field);
  if (known !== undefined) return known;
  const weights = new Map(members(field).map(({ value, weight }) => [canonicalCoding(value), weight]));
  if (codingsMet.size < CODINGS_MET_MAX && field.length <= 256) codingsMet.set(field, weights);
  return weights;
}

/** The weight of the most specific range that covers the type. Its fourth decimal, which no client can write, is the specificity. */
function rangeWeight(type: string, weights: ReadonlyMap<string, number>): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  const range = [type, family, '*/*'].find((candidate) => weights.has(candidate));
  const weight = weights.get(range ?? '') ?? 0;
  const specificity = range === type ? 2 : range === family ? 1 : 0;
  return weight === 0 ? 0 : weight + specificity / 10_000;
}

/** Less than the least weight that can be written, 0.001. */
const LAST_RESORT = 0.0001;

interface Weighted<Choice> {
  readonly choice: Choice;
  readonly weight: number;
}

/** The first of the heaviest; weight 0 means "not acceptable". */
function best<Choice>(offers: readonly Weighted<Choice>[]): Choice | undefined {
  let chosen: Weighted<Choice> | undefined;
  for (const offer of offers) {
    if (offer.weight > (chosen?.weight ?? 0)) chosen = offer;
  }
  return chosen?.choice;
}

/** RFC 9110 §8.4.1.3: `x-gzip` means `gzip`; likewise `x-compress`. */
function canonicalCoding(coding: string): string {
  return coding === 'x-gzip' || coding === 'x-compress' ? coding.slice(2) : coding;
}

/** `value [;parameter] [;q=weight]` of each member of a list, the value in lower case. */
function members(field: string): { value: string; weight: number }[] {
  return splitUnquoted(field, ',').flatMap((member) => {
    const [value, ...parameters] = splitUnquoted(member, ';').map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    return value === '' || value === undefined || weight === undefined ? [] : [{ value, weight }];
  });
}

/** 1 without `q`; `undefined` if it is not a `qvalue` (RFC 9110 §12.4.2). */
function weightOf(parameters: readonly string[]): number | undefined {
  const parameter = parameters.find((text) => /^q[ \t]*=/.test(text));
  if (parameter === undefined) return 1;
  const qvalue = parameter.slice(parameter.indexOf('=') + 1).trim();
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(qvalue) ? Number(qvalue) : undefined;
}

/** Cuts at the separators that stand outside a quoted-string (RFC 9110 §5.6.4), in one pass. */
function splitUnquoted(text: string, separator: ',' | ';'): string[] {
  if (!text.includes('"')) return text.split(separator);
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) at++;
    else if (character === separator && !quoted) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...pieces, text.slice(start)];
}
