import { maxTransformerBytes } from '../value/value-header';

/** Some transformers must ask others, though seldom: all that can be answered at once is, so that nothing waits without need. */
export type Eventually<T> = T | Promise<T>;

/** Seals the JSON of stored values, bound to their keys: a value that was moved to another key does not open. */
export interface Transformer {
  /** Stands in the header of what it has sealed, in the clear. See `transformerName`. */
  readonly name: string;
  /** What values sealed now are marked with: the name, and with it what changes when keys are rotated elsewhere. */
  readonly mark: string;
  /** The mark of something sealed. */
  markOf(sealed: Buffer): string;
  /** Throws StoreError 'unavailable' when whoever it needs does not answer. */
  seal(key: string, plain: Buffer): Eventually<Buffer>;
  /** The same; throws any other error for what can never be opened with this. */
  open(key: string, sealed: Buffer): Eventually<Buffer>;
}

/** What is said of a value that no transformer is configured for; upstream's words. */
export const noTransformer = 'no matching prefix found';

/** A name that a header can carry. @throws for what would be too long */
export function transformerName(kind: string, name: string): string {
  const encoded = `${kind}:${encodeURIComponent(name)}`;
  if (encoded.length > maxTransformerBytes) throw new Error(`the name of a key is too long: ${name}`);
  return encoded;
}

/** Leaves JSON in the clear. */
export const identity: Transformer = {
  name: '-',
  mark: '-',
  markOf: () => '-',
  seal: (_key, plain) => plain,
  open: (_key, sealed) => sealed,
};
