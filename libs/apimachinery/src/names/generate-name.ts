import { randomInt } from 'node:crypto';

/** No vowels, so that no words appear, and no digits that read as letters. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxGeneratedLength = 63 - suffixLength;

/** Gives a whole number from 0 up to, and without, the bound. */
export type RandomSource = (bound: number) => number;

const secureRandom: RandomSource = (bound) => randomInt(bound);

/** Random characters that are safe in any name. */
export function randomSuffix(length: number, random: RandomSource = secureRandom): string {
  let suffix = '';
  for (let i = 0; i < length; i++) suffix += alphabet.charAt(random(alphabet.length));
  return suffix;
}

/** A name from `metadata.generateName`: the base, cut to fit, and five random characters. */
export function generateName(base: string, random: RandomSource = secureRandom): string {
  return base.slice(0, maxGeneratedLength) + randomSuffix(suffixLength, random);
}

/**
 * Encodes a hash as upstream's SafeEncodeString does: pod-template-hash and names of revisions.
 */
export function safeEncode(text: string): string {
  return Array.from(text, (character) => alphabet.charAt(character.charCodeAt(0) % alphabet.length)).join('');
}
