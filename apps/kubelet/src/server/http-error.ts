/** An answer other than 200, with a text for people. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(readonly code: number, message: string) {
    super(message);
  }
}
