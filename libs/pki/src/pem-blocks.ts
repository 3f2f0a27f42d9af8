/** One block of a PEM file: `text` with its first and last line, `body` without them. */
export interface PemBlock {
  readonly text: string;
  readonly type: string;
  readonly body: string;
}

/** The blocks of a PEM file; what stands between them says nothing. */
export function pemBlocks(pem: string): PemBlock[] {
  return [...pem.matchAll(/-----BEGIN ([^-\r\n]*)-----\r?\n([^-]*)-----END ([^-\r\n]*)-----/g)].map(([text, type = '', body = '']) => ({ text, type, body }));
}
