import assert from 'node:assert/strict';

import { runtimev1 } from '@navarch/proto';

import type { CriClient } from './cri-client';
import type { CriCase } from './contract-pod';

/** On a port where nobody listens; and a simulated runtime has no image of this name. */
const nowhere = '127.0.0.1:1/missing:1';

const imageSpec = (image: string): runtimev1.ImageSpec => runtimev1.ImageSpec.fromPartial({ image });
const pull = (client: CriClient, image: string): Promise<unknown> => client.callImage('pullImage', { image: imageSpec(image), auth: undefined, sandboxConfig: undefined });
const has = async (client: CriClient, image: string): Promise<boolean> => (await client.callImage('imageStatus', { image: imageSpec(image), verbose: false })).image !== undefined;

/** What a runtime does with images that are not there, and how it parts from those that are. */
export const imageContract: readonly CriCase[] = [
  {
    name: 'fails to pull what no registry has, and has nothing of it then',
    async run({ client }) {
      await assert.rejects(pull(client, nowhere));
      assert.equal(await has(client, nowhere), false);
    },
  },
  {
    name: 'fails to pull what is no name of an image, and finds none by such',
    async run({ client }) {
      for (const image of ['', 'Not A Name', 'navarch.local/web:1:2']) await assert.rejects(pull(client, image));
      assert.equal(await has(client, 'Not A Name'), false);
    },
  },
  {
    name: 'removes an image that was pulled, forgives that it is not there, and pulls it again',
    needs: 'pulls',
    async run({ client, pulledImage }) {
      assert.ok(pulledImage !== undefined, 'no image to pull was named');
      await pull(client, pulledImage);
      assert.equal(await has(client, pulledImage), true);
      // Again: what is there is no error.
      await pull(client, pulledImage);
      for (let times = 0; times < 2; times++) {
        await client.callImage('removeImage', { image: imageSpec(pulledImage) });
        assert.equal(await has(client, pulledImage), false);
      }
      await pull(client, pulledImage);
      assert.equal(await has(client, pulledImage), true);
      await client.callImage('removeImage', { image: imageSpec(pulledImage) });
    },
  },
  {
    name: 'forgives the removal of an image that is not there',
    async run({ client }) {
      await client.callImage('removeImage', { image: imageSpec(nowhere) });
    },
  },
];
