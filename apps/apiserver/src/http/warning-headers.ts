/** How much all warnings of one answer may say before each is cut: upstream's `pkg/endpoints/filters/warning.go`. */
const MOST_CHARACTERS = 4 * 1024;
const CUT_CHARACTERS = 256;

/** Texts travel as UTF-8, whose bytes are what a header is made of. */
const quoted = (text: string): string => `299 - "${Buffer.from(text.replace(/\p{Cc}/gu, ' ').replace(/(["\\])/g, '\\$1')).toString('latin1')}"`;

/** The values of `Warning` for texts of which none is there twice; so many that neither a client nor a balancer refuses the answer for its head. */
export function warningHeaders(texts: readonly string[]): string[] {
  const said = texts.filter((text) => text !== '').map((text) => Array.from(text));
  const total = said.reduce((sum, { length }) => sum + length, 0);
  if (total <= MOST_CHARACTERS) return said.map((characters) => quoted(characters.join('')));
  const headers: string[] = [];
  let written = 0;
  for (const characters of said) {
    if (written >= MOST_CHARACTERS) break;
    const cut = characters.slice(0, CUT_CHARACTERS);
    written += cut.length;
    headers.push(quoted(cut.join('')));
  }
  return headers;
}
