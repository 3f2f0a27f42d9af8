import { badRequest, goQuote } from '@navarch/apimachinery';

const NOT_WHOLE = ['.', '..'];
const NOT_WITHIN = ['/', '%'];

/** Names that would mislead whoever makes a path of them. Mirrors staging/src/k8s.io/apimachinery/pkg/api/validation/path. @throws badRequest */
export function requireNameInPath(name: string): void {
  const why = NOT_WHOLE.includes(name)
    ? [`may not be '${name}'`]
    : NOT_WITHIN.filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
  if (why.length > 0) throw badRequest(`Name parameter invalid: ${goQuote(name)}: ${why.join(';')}`);
}
