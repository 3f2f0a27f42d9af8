/** A text, a closing bracket, or what something follows; empty brackets are passed over. */
const part = /"[^"\\]*(?:\\.[^"\\]*)*"|[{[](?![}\]])|[{[][}\]]|[}\]]|[,:]/g;

/** Indents JSON that has no space between its parts, by two. Its values are not read, so that none of them changes. */
export function indentJson(json: string): string {
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  return json.replace(part, (found) => {
    switch (found) {
      case '{':
      case '[':
        depth++;
        return found + line();
      case '}':
      case ']':
        depth--;
        return line() + found;
      case ',':
        return found + line();
      case ':':
        return ': ';
      default:
        return found;
    }
  });
}
