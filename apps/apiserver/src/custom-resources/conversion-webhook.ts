import type { apiextensionsv1, KubeObject } from '@navarch/api';
import { exactJsonText, internalError, parseJson } from '@navarch/apimachinery';
import type { CustomResourceDefinition } from '@navarch/custom-resources';
import { randomUUID } from 'node:crypto';
import { answerFailure, type ServerAnswer } from '../services/answer-failure';

/** Posts a review to where a client configuration points. */
export interface WebhookCaller {
  post(config: apiextensionsv1.WebhookClientConfig, body: string, options: { readonly timeoutSeconds: number }): Promise<ServerAnswer>;
}

/** Upstream's: conversions stand in the way of reads. */
const TIMEOUT_SECONDS = 30;
const SUPPORTED = ['v1'];

interface ConversionReview {
  readonly response?: {
    readonly uid?: string;
    readonly convertedObjects?: readonly KubeObject[];
    readonly result?: { readonly status?: string; readonly message?: string };
  };
}

/** Asks the webhook of a definition to convert objects. */
export class ConversionWebhook {
  constructor(
    private readonly definition: CustomResourceDefinition,
    private readonly caller: WebhookCaller,
  ) {}

  apiVersion(version: string): string {
    return `${this.definition.spec.group}/${version}`;
  }

  /** In the same order. @throws internalError with what went wrong */
  async convert(objects: readonly KubeObject[], version: string): Promise<readonly KubeObject[]> {
    const { conversion, names, group } = this.definition.spec;
    const fail = (why: string): Error => internalError(`conversion webhook for ${objects[0]?.apiVersion ?? group}, Kind=${names.kind} failed: ${why}`);
    const config = conversion?.webhook?.clientConfig;
    if (!config || !conversion.webhook?.conversionReviewVersions.some((one) => SUPPORTED.includes(one))) throw fail('no supported conversion review versions');
    const uid = randomUUID();
    const desiredAPIVersion = this.apiVersion(version);
    const review = { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1', request: { uid, desiredAPIVersion, objects } };
    const answer = await this.caller.post(config, exactJsonText(review), { timeoutSeconds: TIMEOUT_SECONDS }).catch((error: unknown) => {
      throw fail(error instanceof Error ? error.message : String(error));
    });
    const failure = answerFailure(answer);
    if (failure !== undefined) throw fail(failure);
    return this.checked(objects, answer.body, { uid, desiredAPIVersion, fail });
  }

  /** A webhook may convert, and not do anything else. */
  private checked(objects: readonly KubeObject[], body: string, { uid, desiredAPIVersion, fail }: { uid: string; desiredAPIVersion: string; fail: (why: string) => Error }): readonly KubeObject[] {
    let response: ConversionReview['response'];
    try {
      ({ response } = parseJson(body) as unknown as ConversionReview);
    } catch (error) {
      throw fail(`the answer is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!response) throw fail('expected response.uid');
    if (response.uid !== uid) throw fail(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
    if (response.result?.status !== 'Success') throw fail(response.result?.message ?? `response.result.status was '${response.result?.status ?? ''}', not 'Success'`);
    const converted = response.convertedObjects ?? [];
    if (converted.length !== objects.length) throw fail(`returned ${converted.length} objects, expected ${objects.length}`);
    return converted.map((object, i) => {
      const { metadata: before } = objects[i] ?? { metadata: {} };
      const at = `convertedObjects[${i}]`;
      if (object.apiVersion !== desiredAPIVersion) throw fail(`returned invalid ${at}: invalid groupVersion: expected ${desiredAPIVersion}, got ${object.apiVersion ?? ''}`);
      if (object.kind !== this.definition.spec.names.kind) throw fail(`returned invalid ${at}: invalid kind, expected=${this.definition.spec.names.kind}, got=${object.kind ?? ''}`);
      for (const field of ['name', 'namespace', 'uid'] as const)
        if (object.metadata[field] !== before[field]) {
          throw fail(`returned invalid ${at}: ${field === 'uid' ? 'metadata.uid' : `metadata.${field}`} was changed`);
        }
      // Labels and annotations may change, the rest of the metadata may not.
      const { labels, annotations } = object.metadata;
      const metadata = { ...before, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
      if (!labels) delete metadata.labels;
      if (!annotations) delete metadata.annotations;
      return { ...object, metadata };
    });
  }
}
