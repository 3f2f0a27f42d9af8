import { DecodeError } from './decode-error';

const digitsPerQuantum = 4;

/**
 * Reads base64 of URLs without padding. Line ends are passed over.
 * @throws DecodeError with the place that Go's `base64.RawURLEncoding` names, in bytes
 */
export function decodeRawBase64Url(text: string): Buffer {
  const stranger = text.search(/[^A-Za-z0-9_\-\r\n]/);
  if (stranger >= 0) throw illegalAt(Buffer.byteLength(text.slice(0, stranger)));
  const digits = text.replace(/[\r\n]/g, '');
  // One digit alone is not yet a byte.
  if (digits.length % digitsPerQuantum === 1) throw illegalAt(text.length - 1);
  return Buffer.from(digits, 'base64url');
}

const illegalAt = (place: number): DecodeError => new DecodeError(`illegal base64 data at input byte ${place}`);
