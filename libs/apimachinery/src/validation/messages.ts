/** "Too long" of a string, which is counted in bytes whatever this says. */
export function maxLengthMessage(length: number): string {
  return `must be no more than ${length} characters`;
}

/** The same of keys and values of labels, and wherever a rule is declared: upstream's `pkg/api/validate/content`. */
export function maxBytesMessage(length: number): string {
  return `must be no more than ${length} bytes`;
}

/** A string that does not match; the examples help the user. */
export function regexMessage(message: string, expression: string, ...examples: string[]): string {
  const regex = `regex used for validation is '${expression}'`;
  if (examples.length === 0) return `${message} (${regex})`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${regex})`;
}

export const emptyMessage = 'must be non-empty';

/** A number outside its range. */
export function rangeMessage(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}
