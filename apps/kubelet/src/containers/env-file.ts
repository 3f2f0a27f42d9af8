/**
 * Variables of a file, as Kubernetes reads them since 1.35: what any shell reads the same way. A `NAME='value'` each, where the value is all that
 * is between the quotes, line ends too; spaces around `=`, lines that are empty or begin with `#` are passed over. Throws an Error that names the line.
 */
export function parseEnvFile(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').trimStart();
    if (line.trim() === '' || line.startsWith('#')) continue;
    const number = at + 1;
    const [, name = '', quoted] = /^([^=]*)=\s*(.*)$/s.exec(line) ?? [];
    if (name.trim() === '' || quoted === undefined) throw new Error(`invalid line ${number}: not NAME='value'`);
    if (!quoted.startsWith("'")) throw new Error(`invalid line ${number}: the value is not in single quotes`);
    let value = quoted.slice(1);
    while (!value.includes("'")) {
      const next = lines[++at];
      if (next === undefined) throw new Error(`invalid line ${number}: quotes are not closed`);
      value += `\n${next}`;
    }
    const end = value.indexOf("'");
    if (value.slice(end + 1).trim() !== '') throw new Error(`invalid line ${number}: nothing may follow the value`);
    variables.set(name.trim(), value.slice(0, end));
  }
  return variables;
}
