/** Variables of a file: a `NAME=value` a line, values bare or in quotes, lines that are empty or begin with `#` passed over. Throws an Error that names the line. */
export function parseEnvFile(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, quoted = ''] = /^([^=\s]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`invalid line ${index + 1}: not NAME=value`);
    variables.set(name, unquote(quoted, index + 1));
  }
  return variables;
}

function unquote(text: string, line: number): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  if (text.length < 2 || !text.endsWith(quote)) throw new Error(`invalid line ${line}: quotes are not closed`);
  return text.slice(1, -1);
}
