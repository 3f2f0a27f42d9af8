const quote = 0x22;
const backslash = 0x5c;

/** What most objects fit into. */
const usualSize = 64 * 1024;
/** More is not kept for the next object. */
const keptSize = 1024 * 1024;
/** From here on the native writer is faster, whatever its call costs. */
const longText = 64;
/** One unit of UTF-16 takes at most this many bytes of UTF-8. */
const bytesPerUnit = 3;

/**
 * JSON as it is written, byte by byte: no text is made that would then be copied. Nearly all of the API's texts are short and plain ASCII,
 * for which this is faster than any native writer.
 */
export class JsonBytes {
  private bytes = Buffer.allocUnsafeSlow(usualSize);
  private at = 0;

  /** Forgets what was written before. */
  start(): void {
    this.at = 0;
    if (this.bytes.length > keptSize) this.bytes = Buffer.allocUnsafeSlow(usualSize);
  }

  /** What has been written, as bytes of their own. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.at);
    this.bytes.copy(copy, 0, 0, this.at);
    return copy;
  }

  /** A bracket, comma or colon. */
  byte(code: number): void {
    if (this.at === this.bytes.length) this.grow(1);
    this.bytes[this.at++] = code;
  }

  /** What is JSON already. */
  ascii(text: Uint8Array): void {
    const { length } = text;
    if (this.at + length > this.bytes.length) this.grow(length);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < length; i++) bytes[at++] = text[i] as number;
    this.at = at;
  }

  string(text: string): void {
    if (text.length > longText || !this.plain(text)) this.text(JSON.stringify(text));
  }

  /** Writes what needs nothing but quotes around it; false for other texts. */
  private plain(text: string): boolean {
    const { length } = text;
    if (this.at + length + 2 > this.bytes.length) this.grow(length + 2);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = quote;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return false;
      bytes[at++] = code;
    }
    bytes[at++] = quote;
    this.at = at;
    return true;
  }

  /** What is no text, list or object. Numbers beyond JSON are null. */
  scalar(value: bigint | boolean | number | null): void {
    const json = typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);
    const { length } = json;
    if (this.at + length > this.bytes.length) this.grow(length);
    for (let i = 0; i < length; i++) this.bytes[this.at++] = json.charCodeAt(i);
  }

  private text(json: string): void {
    const most = json.length * bytesPerUnit;
    if (this.at + most > this.bytes.length) this.grow(most);
    this.at += this.bytes.write(json, this.at);
  }

  private grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + by));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}
