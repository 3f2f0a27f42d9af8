import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';
import { type NumaDistances } from './topology-hint';

/** How far the given memory banks are from each other; a kernel that does not say has all of them equally far. */
export async function inspectNumaDistances(banks: readonly number[], directory = '/sys/devices/system/node'): Promise<NumaDistances> {
  return new Map(await Promise.all(banks.map(async (bank): Promise<[number, readonly number[]]> => {
    try {
      const text = await readFile(join(directory, `node${bank}`, 'distance'), 'utf8');
      return [bank, text.trim().split(/\s+/).map(Number)];
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      return [bank, banks.map(() => 0)];
    }
  })));
}
