import { type FieldPath, labelValueMessages } from '@navarch/apimachinery';
import type { corev1, metav1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

/** What is said of a label that nodes had in former times. Mirrors pkg/api/node. */
export const formerNodeLabels: ReadonlyMap<string, string> = new Map(Object.entries({
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}));

type Expressions = readonly { readonly key?: string | undefined }[] | undefined;

function expressionKeys(expressions: Expressions, path: FieldPath): string[] {
  return list(expressions).flatMap(({ key = '' }, e) => {
    const text = formerNodeLabels.get(key);
    return text === undefined ? [] : [`${path.index(e).child('key').toString()}: ${key} is ${text}`];
  });
}

/** Of nodes by their labels; where `values` are not checked otherwise, they are looked at too. */
export function nodeTermWarnings({ matchExpressions }: Loose<corev1.NodeSelectorTerm>, values: 'unchecked' | 'valid', path: FieldPath): string[] {
  const at = path.child('matchExpressions');
  return list(matchExpressions).flatMap((expression, e) => {
    const wrong = values === 'valid' ? [] : list(expression.values).flatMap((value, v) =>
      labelValueMessages(value).map((message) => `${at.index(e).child('values').index(v).toString()}: ${value} is invalid, ${message}`));
    const text = formerNodeLabels.get(expression.key ?? '');
    return [...(text === undefined ? [] : [`${at.index(e).child('key').toString()}: ${expression.key ?? ''} is ${text}`]), ...wrong];
  });
}

/** Of a selector of nodes that looks like one of pods. */
export function nodeSelectorWarnings({ matchExpressions, matchLabels }: Loose<metav1.LabelSelector>, path: FieldPath): string[] {
  const labels = Object.keys(matchLabels ?? {}).sort().flatMap((label) => {
    const text = formerNodeLabels.get(label);
    return text === undefined ? [] : [`${path.child('matchLabels').child(label).toString()}: ${text}`];
  });
  return [...expressionKeys(matchExpressions, path.child('matchExpressions')), ...labels];
}
