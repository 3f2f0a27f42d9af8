import { goQuote } from '@navarch/apimachinery';

/** What a server has answered. */
export interface ServerAnswer {
  readonly code: number;
  readonly body: string;
  /** None is taken for JSON. */
  readonly contentType?: string | undefined;
}

/** As much of a text is repeated. */
const MOST_CHARACTERS = 2048;

/** What client-go says of an answer by its code, where the server says no more: upstream's `NewGenericServerResponse`. */
const TEXTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** What Go's clients take an answer's code for that is none to a review, in their words; undefined of one that may be read. */
export function answerFailure({ code, body, contentType = '' }: ServerAnswer): string | undefined {
  if (code < 200 || code > 206) return statusMessage(body) ?? textOf(code, contentType === '' || contentType.startsWith('text/') ? body.slice(0, MOST_CHARACTERS).trim() : 'unknown');
  return body === '' ? `0-length response with status code: ${code} and content type: ${contentType === '' ? 'application/json' : contentType}` : undefined;
}

function textOf(code: number, said: string): string {
  if (code === 403 || code === 415) return said;
  if (code === 406) return said === '' || said === 'unknown' ? 'the server was unable to respond with a content type that the client supports' : said;
  const known = TEXTS[code];
  if (known !== undefined) return known;
  if (code >= 500) return `an error on the server (${goQuote(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${code} but did not return more information`;
}

/** Of a server that answers with a Status, such as another API server. */
function statusMessage(body: string): string | undefined {
  try {
    const { kind, status, message } = JSON.parse(body) as { readonly kind?: unknown; readonly status?: unknown; readonly message?: unknown };
    return kind === 'Status' && status === 'Failure' && typeof message === 'string' ? message : undefined;
  } catch {
    return undefined; // a text, or a page
  }
}
