import { printerFor, type Printer, type ResourceFacts } from '@navarch/api';
import { builtInCodec, type KindCodec } from '../codec/kind-codec';
import { deprecationOf } from './deprecations';
import { scaleView } from './scale';
import type { ObjectView } from './object-view';
import type { SelectableFields } from './selectable-fields';

/** What is particular about a kind in one version: built-in kinds have it in tables, custom ones in their definition. */
export interface KindTraits {
  readonly codec: KindCodec;
  readonly printer: Printer;
  readonly listKind: string;
  /** The text of a `Warning` for whoever uses it. */
  readonly deprecation: string | undefined;
  /** What field selectors may name, where that is not what the stored version says. */
  readonly fields?: SelectableFields;
  /** What the `scale` subresource shows. */
  scale(): ObjectView;
}

export function builtInTraits(facts: ResourceFacts): KindTraits {
  const { group, resource, kind } = facts;
  return { codec: builtInCodec(facts), printer: printerFor(group, resource), listKind: `${kind}List`, deprecation: deprecationOf(facts), scale: () => scaleView(group, resource) };
}
