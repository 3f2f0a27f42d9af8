import type { Clock } from '@navarch/clock';
import { decode } from 'dns-packet';
import { isDenial } from './denial';
import { ttlOffsets } from './ttl-offsets';

export interface AnswerCacheOptions {
  /** Answers kept; the oldest go first. */
  readonly size: number;
  readonly maxTtlSeconds: number;
  /** How long "no such name" and "no such record" are kept at most. */
  readonly maxNegativeTtlSeconds: number;
}

interface Kept {
  readonly answer: Buffer;
  readonly offsets: readonly number[];
  readonly from: number;
  readonly until: number;
}

const noError = 0;
const noSuchName = 3;

/** Answers of other servers, kept for as long as they allow, and given on with the time that is left of them. */
export class AnswerCache {
  readonly #kept = new Map<string, Kept>();

  /** `onEvicted`: an answer went because there was no room for more. */
  constructor(private readonly options: AnswerCacheOptions, private readonly clock: Clock, private readonly onEvicted: (type: 'success' | 'denial') => void = () => undefined) {}

  get entries(): { success: number; denial: number } {
    const denial = [...this.#kept.values()].filter((kept) => isDenial(kept.answer)).length;
    return { success: this.#kept.size - denial, denial };
  }

  /** A copy that the caller may write to. */
  get(key: string): Buffer | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const now = this.clock.now();
    if (kept.until <= now) {
      this.#kept.delete(key);
      return undefined;
    }
    const copy = Buffer.from(kept.answer);
    const aged = Math.floor((now - kept.from) / 1000);
    for (const offset of kept.offsets) copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - aged), offset);
    return copy;
  }

  put(key: string, answer: Buffer): void {
    const seconds = this.#secondsToKeep(answer);
    if (seconds === undefined || seconds <= 0) return;
    const from = this.clock.now();
    this.#kept.delete(key);
    this.#kept.set(key, { answer, offsets: ttlOffsets(answer), from, until: from + seconds * 1000 });
    if (this.#kept.size <= this.options.size) return;
    const [oldest] = this.#kept;
    if (oldest === undefined) return;
    this.#kept.delete(oldest[0]);
    this.onEvicted(isDenial(oldest[1].answer) ? 'denial' : 'success');
  }

  /** Undefined for what cannot be read, is cut off, reports a failure, or says "no" without saying for how long (RFC 2308). */
  #secondsToKeep(answer: Buffer): number | undefined {
    const { maxTtlSeconds, maxNegativeTtlSeconds } = this.options;
    try {
      const { answers = [], authorities = [], flag_tc: truncated } = decode(answer);
      const code = answer.readUInt16BE(2) & 0xf;
      if (truncated || (code !== noError && code !== noSuchName)) return undefined;
      if (code === noError && answers.length > 0) return Math.min(maxTtlSeconds, ...answers.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0)));
      const soa = authorities.find((record) => record.type === 'SOA');
      if (soa?.type !== 'SOA') return undefined;
      return Math.min(maxNegativeTtlSeconds, soa.ttl ?? 0, soa.data.minimum ?? 0);
    } catch {
      return undefined; // passed on as it is, but not kept
    }
  }
}
