import type { admissionregistrationv1, KubeObject, ResourceType } from '@navarch/api';
import { compareStrings, compileLabelSelector, type Selector } from '@navarch/apimachinery';
import type { ObjectReader } from '../../pipeline';
import { MatchConditions } from '../match-conditions';

export type Webhook = admissionregistrationv1.MutatingWebhook;

interface Configuration extends KubeObject {
  webhooks?: (Webhook | admissionregistrationv1.ValidatingWebhook)[];
}

/** A webhook, ready for requests. */
export interface RegisteredWebhook {
  /** Of its configuration, for audit notes. */
  readonly configuration: string;
  readonly webhook: Webhook;
  readonly namespaces: Selector;
  readonly objects: Selector;
  readonly conditions: MatchConditions;
}

/** All webhooks of one kind of configuration, in the order in which they are called: configurations by name. */
export class RegisteredWebhooks {
  private known: readonly RegisteredWebhook[] | undefined;

  constructor(
    private readonly reader: ObjectReader,
    private readonly type: ResourceType<Configuration>,
  ) {
    reader.onChange(type, () => (this.known = undefined));
  }

  all(): readonly RegisteredWebhook[] {
    this.known ??= this.reader.list(this.type).sort((a, b) => compareStrings(a.metadata.name ?? '', b.metadata.name ?? '')).flatMap(({ metadata, webhooks }) => (webhooks ?? []).map((webhook) => ({
      configuration: metadata.name ?? '',
      webhook,
      namespaces: compileLabelSelector(webhook.namespaceSelector ?? {}),
      objects: compileLabelSelector(webhook.objectSelector ?? {}),
      conditions: new MatchConditions(webhook.matchConditions ?? []),
    })));
    return this.known;
  }
}
