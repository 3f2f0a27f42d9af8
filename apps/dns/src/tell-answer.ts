import { decode } from 'dns-packet';
import { isTapped, tellBoundary } from '@navarch/component-base';

/** Tells whoever looks at this process what was asked and how it was answered; reads the answer only then. */
export function tellAnswer(transport: 'udp' | 'tcp', answer: Buffer): void {
  if (!isTapped()) return;
  const { questions = [], answers = [], ...rest } = decode(answer);
  const code = 'rcode' in rest ? rest.rcode : undefined;
  tellBoundary({
    carrier: 'dns',
    direction: 'in',
    what: `${questions[0]?.type ?? ''} ${questions[0]?.name ?? ''}`,
    bytes: answer.length,
    message: () => ({ transport, code, answers: answers.length }),
  });
}
