/** "Too long" of a label's key or value. */
export function maxLengthMessage(length: number): string {
  return `must be no more than ${length} bytes`;
}

/** The same of every other name: upstream has an older wording for these, though it counts bytes too. */
export function maxCharactersMessage(length: number): string {
  return `must be no more than ${length} characters`;
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
