import { type Store, type StoredValue } from '../types';

/** Small enough that reading a page of objects does not hold up the process for long. */
const pageKeys = 500;

/** Called with each page in key order. */
export type OnPage = (values: readonly StoredValue[]) => void;

/** Reads a prefix in pages, all at one revision (rules 1.3), which it answers. Throws 'compacted' when it took too long. */
export async function rangeAll(store: Store, prefix: string, onPage: OnPage): Promise<number> {
  let page = await store.range(prefix, { limit: pageKeys });
  const { revision } = page;
  for (;;) {
    onPage(page.values);
    const last = page.values.at(-1);
    if (!page.more || !last) return revision;
    page = await store.range(prefix, { limit: pageKeys, revision, fromKey: `${last.key}\0` });
  }
}
