import { ApiError, badRequest } from '../errors';
import { goQuote } from '../text/go-quote';

/** A list says whose fault it is. */
const ofList = (why: string): ApiError => badRequest(`invalid resource version: ${why}`);

/** Where the store itself reads the version, at a get or a watch, upstream's answer names no reason. */
export const unreadVersion = (why: string): ApiError => new ApiError({ code: 500, reason: '', message: why });

/**
 * Reads a resourceVersion from a request: empty and "0" are 0, for "any". Versions are safe integers in process.
 * @throws ApiError with upstream's text, as `fault` makes it
 */
export function parseResourceVersion(text: string, fault: (why: string) => ApiError = ofList): number {
  if (text === '' || text === '0') return 0;
  const reason = /^[0-9]+$/.test(text) ? (Number.isSafeInteger(Number(text)) ? undefined : 'value out of range') : 'invalid syntax';
  if (reason === undefined) return Number(text);
  throw fault(`resourceVersion: Invalid value: ${goQuote(text)}: strconv.ParseUint: parsing ${goQuote(text)}: ${reason}`);
}
