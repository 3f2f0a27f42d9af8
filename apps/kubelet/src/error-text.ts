/** What an error says, for messages shown to users. Errors of other realms have no common ancestor, so its shape decides. */
export function errorText(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : 'unknown error';
}

/** Whether a system call failed with this code, such as `ENOENT`. */
export function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
