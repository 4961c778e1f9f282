// Chromium, and the sign-in form of the sandbox.
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { requirePeer } from './peers.js';

/** Undefined where Chromium is missing: the test is then skipped, or failed in CI. */
export async function openBrowser(t: Test): Promise<Browser | undefined> {
  const path = requirePeer(t, 'Chromium');
  if (!path) return undefined;
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
  t.teardown(() => browser.close());
  return browser;
}

export async function signInWithPassword(page: Page, user: string): Promise<void> {
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', `sandbox-${user}`);
  await page.click('button');
}
