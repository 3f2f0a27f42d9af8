import { randomInt } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idLength = 6;
const secretLength = 16;

const random = (length: number): string => Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** A bootstrap token in upstream's form: a public id and a secret. */
export function newBootstrapToken(): string {
  return `${random(idLength)}.${random(secretLength)}`;
}
