import { readFileSync, writeFileSync } from 'node:fs';

const setting = '/proc/sys/vm/nr_hugepages';
const count = (): number => Number(readFileSync(setting, 'utf8'));

/** Huge pages of the machine, for as long as a test needs them. The kernel may have none to give. */
export class HugePages {
  readonly #before = count();
  readonly given: boolean;

  constructor(pages: number) {
    writeFileSync(setting, String(this.#before + pages));
    this.given = count() >= this.#before + pages;
    if (!this.given) this.giveBack();
  }

  giveBack(): void {
    writeFileSync(setting, String(this.#before));
  }
}
