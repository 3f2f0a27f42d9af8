/** What was made of long texts, as long as the texts together have at most so many characters; those used least recently go first. */
export class LruTexts<T> {
  private readonly kept = new Map<string, T>();
  private characters = 0;
  private last: { readonly text: string; readonly value: T } | undefined;

  constructor(private readonly limit: number) {}

  get(text: string, make: () => T): T {
    if (this.last?.text === text) return this.last.value;
    let value = this.kept.get(text);
    if (value === undefined) {
      value = make();
      this.characters += text.length;
    } else {
      this.kept.delete(text);
    }
    this.kept.set(text, value);
    this.last = { text, value };
    for (const oldest of this.kept.keys()) {
      if (this.characters <= this.limit) break;
      this.kept.delete(oldest);
      this.characters -= oldest.length;
    }
    return value;
  }
}
