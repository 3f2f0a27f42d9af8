/** The code points of a text, as characters: what sizes and positions of strings count. */
export const points = (text: string): string[] => Array.from(text);
