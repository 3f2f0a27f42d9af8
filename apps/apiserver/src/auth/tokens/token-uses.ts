import { Counter, type Registry } from 'prom-client';
import type { RequestNotes } from '../../pipeline';

/** Of a token in a Secret: that it is one, and whether somebody made it by hand, a controller did, or it has been marked as invalid. Of others: whether they should have been fetched anew. */
export type TokenUse = 'legacy' | 'manual' | 'auto' | 'invalid' | 'valid' | 'stale';

/** Is told of each token that was looked at. */
export type CountUse = (use: TokenUse) => void;

/** Counts them by upstream's names. */
export function countingTokens(registry: Registry): CountUse {
  const counter = (name: string, help: string): Counter => new Counter({ name: `serviceaccount_${name}`, help, registers: [registry] });
  const counters: Readonly<Record<TokenUse, Counter>> = {
    legacy: counter('legacy_tokens_total', 'Cumulative legacy service account tokens used'),
    manual: counter('legacy_manual_token_uses_total', 'Cumulative manually created legacy tokens used'),
    auto: counter('legacy_auto_token_uses_total', 'Cumulative auto-generated legacy tokens used'),
    invalid: counter('invalid_legacy_auto_token_uses_total', 'Cumulative invalid auto-generated legacy tokens used'),
    valid: counter('valid_tokens_total', 'Cumulative valid projected service account tokens used'),
    stale: counter('stale_tokens_total', 'Cumulative stale projected service account tokens used'),
  };
  return (use) => counters[use].inc();
}

export const NO_NOTES: RequestNotes = { warn: () => undefined, annotate: () => undefined };

/** Keeps notes, to say the same each time that the token is trusted without being looked at. */
export class KeptNotes implements RequestNotes {
  readonly #all: ((notes: RequestNotes) => void)[] = [];

  warn(text: string): void {
    this.#all.push((notes) => notes.warn(text));
  }

  annotate(key: string, value: string): void {
    this.#all.push((notes) => notes.annotate(key, value));
  }

  sayTo(notes: RequestNotes | undefined): void {
    if (notes) for (const say of this.#all) say(notes);
  }
}
