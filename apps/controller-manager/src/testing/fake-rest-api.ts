import { serviceUnavailable } from '@navarch/apimachinery';
import type { RestApi } from '../rest/json-reader';

/** REST as a test answers it; what is not set does not answer. */
export class FakeRestApi implements RestApi {
  /** By path. */
  readonly answers = new Map<string, unknown>();
  readonly deleted: string[] = [];
  /** What becomes of a deletion. */
  onDelete: () => void = () => undefined;

  get<T>(path: string): Promise<T> {
    const found = this.answers.get(path);
    return found === undefined ? Promise.reject(serviceUnavailable('the server is currently unable to handle the request')) : Promise.resolve(found as T);
  }

  delete(path: string): Promise<void> {
    this.deleted.push(path);
    this.onDelete();
    return Promise.resolve();
  }
}
