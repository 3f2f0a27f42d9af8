import { get } from 'node:https';
import { followRedirects } from '../../services/redirects';
import { trustedBy } from '../../services/trusted-by';

const TIMEOUT_MS = 30_000;

export interface IssuerCall {
  /** The host's authorities unless given. */
  readonly ca: Buffer | undefined;
  /** For the issuer itself, and not for whom it sends to. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which status codes are an answer. */
  readonly isWell: (status: number) => boolean;
}

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly location: string | undefined;
}

/** What an issuer of tokens answers at a URL of its own, or at one that it sends to. */
export async function askIssuer(url: string, { ca, headers = {}, isWell }: IssuerCall): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { code, text } = await followRedirects(new URL(url), (hop) => getText(hop.url, { signal, ca, headers: hop.isAway ? {} : headers }), 'GET');
  if (!isWell(code)) throw new Error(`${url} answered with status ${code}`);
  return text;
}

function getText(url: URL, { signal, headers, ca }: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>>; readonly ca: Buffer | undefined }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = get(url, { signal, headers: { ...headers }, ...(ca ? trustedBy(ca) : {}) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), location: response.headers.location }));
    });
    call.on('error', reject);
  });
}
