import { goQuote } from '../text/go-quote';
import { DecodeError } from './decode-error';
import { setMember, type JsonObject, type JsonValue } from './json-value';

const digit = /[0-9]/;
const space = /[ \t\r\n]/;

/** What was read, and the paths of keys that stood twice in an object. */
export interface ExactJson {
  readonly value: JsonValue;
  readonly duplicates: readonly string[];
}

/**
 * Reads JSON slowly and exactly: duplicate keys are reported (the last one wins), whole numbers up to 64 bits are kept,
 * errors are worded as Go's. For texts that the native parser refuses or would change.
 * @throws DecodeError
 */
export function parseExactJson(text: string): ExactJson {
  return new ExactJsonParser(text).parse();
}

class ExactJsonParser {
  private at = 0;
  private readonly path: string[] = [];
  private readonly duplicates = new Set<string>();

  constructor(private readonly text: string) {}

  parse(): ExactJson {
    const value = this.value();
    this.skipSpace();
    if (this.at < this.text.length) this.fail('after top-level value');
    return { value, duplicates: [...this.duplicates] };
  }

  private value(): JsonValue {
    this.skipSpace();
    const first = this.text.charAt(this.at);
    if (first === '{') return this.object();
    if (first === '[') return this.list();
    if (first === '"') return this.string();
    if (first === '-' || digit.test(first)) return this.number();
    if (first === 't') return this.literal('true', true);
    if (first === 'f') return this.literal('false', false);
    if (first === 'n') return this.literal('null', null);
    return this.fail('looking for beginning of value');
  }

  private object(): JsonObject {
    const object: JsonObject = {};
    this.at++;
    if (this.next() === '}') return this.close(object);
    for (;;) {
      if (this.next() !== '"') this.fail('looking for beginning of object key string');
      const name = this.string();
      if (this.next() !== ':') this.fail('after object key');
      this.at++;
      this.path.push(this.path.length === 0 ? name : `.${name}`);
      if (Object.hasOwn(object, name)) this.duplicates.add(this.path.join(''));
      setMember(object, name, this.value());
      this.path.pop();
      const after = this.next();
      if (after === '}') return this.close(object);
      if (after !== ',') this.fail('after object key:value pair');
      this.at++;
    }
  }

  private list(): JsonValue[] {
    const list: JsonValue[] = [];
    this.at++;
    if (this.next() === ']') return this.close(list);
    for (;;) {
      this.path.push(`[${list.length}]`);
      list.push(this.value());
      this.path.pop();
      const after = this.next();
      if (after === ']') return this.close(list);
      if (after !== ',') this.fail('after array element');
      this.at++;
    }
  }

  private close<T>(value: T): T {
    this.at++;
    return value;
  }

  private string(): string {
    const start = this.at++;
    for (;;) {
      const character = this.text.charAt(this.at);
      if (character === '"') break;
      if (character === '' || character < ' ') this.fail('in string literal');
      this.at++;
      if (character === '\\') this.escape();
    }
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private escape(): void {
    const code = this.text.charAt(this.at);
    if (code === '' || !'"\\/bfnrtu'.includes(code)) this.fail('in string escape code');
    this.at++;
    if (code !== 'u') return;
    for (let i = 0; i < 4; i++, this.at++) if (!/[0-9a-fA-F]/.test(this.text.charAt(this.at))) this.fail('in \\u hexadecimal character escape');
  }

  private number(): bigint | number {
    const start = this.at;
    if (this.text.charAt(this.at) === '-') this.at++;
    if (this.text.charAt(this.at) === '0') this.at++;
    else this.digits('in numeric literal');
    let whole = true;
    if (this.text.charAt(this.at) === '.') {
      whole = false;
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text.charAt(this.at))) {
      whole = false;
      this.at++;
      if (/[-+]/.test(this.text.charAt(this.at))) this.at++;
      this.digits('in exponent of numeric literal');
    }
    return exactNumber(this.text.slice(start, this.at), whole);
  }

  private digits(where: string): void {
    if (!digit.test(this.text.charAt(this.at))) this.fail(where);
    while (digit.test(this.text.charAt(this.at))) this.at++;
  }

  private literal<T>(word: string, value: T): T {
    for (const expected of word) {
      if (this.text.charAt(this.at) !== expected) this.fail(`in literal ${word} (expecting ${quoteCharacter(expected)})`);
      this.at++;
    }
    return value;
  }

  private next(): string {
    this.skipSpace();
    return this.text.charAt(this.at);
  }

  private skipSpace(): void {
    while (space.test(this.text.charAt(this.at))) this.at++;
  }

  private fail(where: string): never {
    const character = this.text.codePointAt(this.at);
    if (character === undefined) throw new DecodeError('unexpected end of JSON input');
    throw new DecodeError(`invalid character ${quoteCharacter(String.fromCodePoint(character))} ${where}`);
  }
}

function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  return character === '"' ? `'"'` : `'${goQuote(character).slice(1, -1)}'`;
}

/** Whole numbers of 64 bits stay exact; larger ones become doubles, as upstream's untyped decoder makes them. */
function exactNumber(literal: string, whole: boolean): bigint | number {
  const value = Number(literal);
  if (!Number.isFinite(value)) throw new DecodeError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
  if (!whole || Number.isSafeInteger(value)) return value;
  const exact = BigInt(literal);
  return exact >= -(2n ** 63n) && exact < 2n ** 64n ? exact : value;
}
