import { isJsonObject, type JsonObject } from '@navarch/apimachinery';
import type { RemoteOpenApi } from '../registry/served-catalog';

interface Index {
  readonly paths?: Readonly<Record<string, { readonly serverRelativeURL?: string }>>;
}

/** Gets a path of another API server as JSON. @throws Error when there is no sensible answer */
export type GetPath = <T>(path: string) => Promise<T>;

/** What another API server says its group and version look like. A server that speaks only one version of OpenAPI is heard in that. */
export class RemoteDocuments {
  private known: { readonly hash: string; readonly documents: RemoteOpenApi } | undefined;

  /** @throws Error when it says nothing at all */
  async load(groupVersion: string, get: GetPath): Promise<RemoteOpenApi> {
    const url = await this.urlOf(groupVersion, get);
    // The address of a document of version 3 changes with its content.
    if (url !== undefined && this.known?.hash === url) return this.known.documents;
    const [v3, v2] = await Promise.allSettled([url === undefined ? Promise.resolve(undefined) : get<JsonObject>(url), get<JsonObject>('/openapi/v2')]);
    if (v2.status === 'rejected' && (v3.status === 'rejected' || v3.value === undefined)) throw new Error(`no OpenAPI document of ${groupVersion}`, { cause: v2.reason });
    for (const answer of [v3, v2])
      if (answer.status === 'fulfilled' && answer.value !== undefined && !isJsonObject(answer.value)) {
        throw new Error(`the OpenAPI document of ${groupVersion} is no object`);
      }
    const documents: RemoteOpenApi = {
      ...(v3.status === 'fulfilled' && v3.value !== undefined ? { v3: Buffer.from(JSON.stringify(v3.value)) } : {}),
      ...(v2.status === 'fulfilled' ? { v2: v2.value } : {}),
    };
    this.known = url === undefined ? undefined : { hash: url, documents };
    return documents;
  }

  private async urlOf(groupVersion: string, get: GetPath): Promise<string | undefined> {
    try {
      const { paths } = await get<Index>('/openapi/v3');
      return paths?.[`apis/${groupVersion}`]?.serverRelativeURL;
    } catch {
      return undefined; // an older server: it is asked for version 2
    }
  }
}
