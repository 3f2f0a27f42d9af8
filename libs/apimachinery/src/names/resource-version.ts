import { badRequest } from '../errors';
import { goQuote } from '../text/go-quote';

/**
 * Reads a resourceVersion from a request: empty and "0" are 0, for "any". Versions are safe integers in process.
 * @throws ApiError BadRequest with upstream's text
 */
export function parseResourceVersion(text: string): number {
  if (text === '' || text === '0') return 0;
  const reason = /^[0-9]+$/.test(text) ? (Number.isSafeInteger(Number(text)) ? undefined : 'value out of range') : 'invalid syntax';
  if (reason === undefined) return Number(text);
  throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${goQuote(text)}: strconv.ParseUint: parsing ${goQuote(text)}: ${reason}`);
}
