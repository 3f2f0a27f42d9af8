import { Tokenizer } from 'htmlparser2';
import { StringDecoder } from 'node:string_decoder';
import { Transform, type TransformCallback } from 'node:stream';
import { holdsLink, type ProxiedPlace, rewriteLink } from './proxied-links';

const ignore = (): void => undefined;

/** Passes HTML on with its links rewritten, and all else byte for byte. */
export class HtmlLinks extends Transform {
  private readonly decoder = new StringDecoder('utf8');
  private readonly tokenizer: Tokenizer;
  /** Not passed on yet; begins at `offset` of the page. */
  private text = '';
  private offset = 0;
  private tag = '';
  private attribute = '';
  /** Of the value that is being read; -1 before it begins. */
  private valueStart = -1;
  private valueEnd = -1;

  constructor(private readonly place: ProxiedPlace) {
    super();
    this.tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: false }, {
      onopentagname: (start, end) => {
        this.passOn(start);
        this.tag = this.slice(start, end);
      },
      onattribname: (start, end) => {
        this.attribute = this.slice(start, end);
        this.valueStart = this.valueEnd = -1;
      },
      onattribdata: (start, end) => {
        if (this.valueStart < 0) this.valueStart = start;
        this.valueEnd = end;
      },
      onattribend: () => this.settleValue(),
      onopentagend: (end) => this.passOn(end),
      onselfclosingtag: (end) => this.passOn(end),
      ontext: (_start, end) => this.passOn(end),
      onclosetag: (_start, end) => this.passOn(end),
      onattribentity: ignore, oncdata: ignore, oncomment: ignore, ondeclaration: ignore, onend: ignore, onprocessinginstruction: ignore, ontextentity: ignore,
    });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.feed(this.decoder.write(chunk));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.feed(this.decoder.end());
    this.tokenizer.end();
    this.passOn(this.offset + this.text.length);
    done();
  }

  private feed(text: string): void {
    if (text === '') return;
    this.text += text;
    this.tokenizer.write(text);
  }

  private slice(start: number, end: number): string {
    return this.text.slice(start - this.offset, end - this.offset);
  }

  private settleValue(): void {
    if (this.valueStart < 0 || !holdsLink(this.tag, this.attribute)) return;
    const link = this.slice(this.valueStart, this.valueEnd);
    this.passOn(this.valueStart);
    this.push(rewriteLink(link, this.place));
    this.forget(this.valueEnd);
  }

  /** Everything before this position is settled. */
  private passOn(position: number): void {
    const settled = this.slice(this.offset, position);
    if (settled !== '') this.push(settled);
    this.forget(position);
  }

  private forget(position: number): void {
    if (position <= this.offset) return;
    this.text = this.text.slice(position - this.offset);
    this.offset = position;
  }
}
