/** A person sees themselves before anybody else does. */

import { test, expect } from '../fixtures/test.ts';
import { sees } from '../fixtures/eyes.ts';

test('the camera is tested without a call, and is off again after it', async ({ phones }) => {
  const [alice] = await phones.seen();
  await alice.page.getByText('Sound and devices').click();
  await alice.press('Test the camera');
  await sees(alice.page, '#mirror', 'red', 'Alice');
  await alice.says('You see yourself as in a mirror. Nobody else does.');
  await alice.press('Stop the camera');
  await alice.hasReleasedCamera();
  await expect(alice.page.locator('#mirror')).toHaveCount(0);

  for (const [failure, words] of [
    ['NotAllowedError', 'The browser may not use the camera. Allow it beside the page’s address, then test it again.'],
    ['NotFoundError', 'There is no camera. Plug one in, then test it again.'],
    ['NotReadableError', 'Another program is using the camera. Close it, then test it again.'],
  ] as const) {
    await alice.cameraFails(failure);
    await alice.press('Test the camera');
    await alice.says(words.replace('’', "'"));
    await expect(alice.button('Test the camera')).toBeVisible();
  }
  await alice.cameraFails(undefined);
  await alice.press('Test the camera');
  await sees(alice.page, '#mirror', 'red', 'Alice');
  await alice.doesNotSay(/Another program is using the camera/);
});
