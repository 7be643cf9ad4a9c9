import { createHmac } from 'node:crypto';
import { posix, win32 } from 'node:path';
import type { PrivacyRule } from '@process-meter/contract';

const NAME_MAX = 512;
const PATH_MAX = 4096;

export interface PrivacyRules {
  titlePrivacy: PrivacyRule;
  pathPrivacy: PrivacyRule;
  hashKey: string;
}

/**
 * The one place where names and paths pass the rules of the application, before anything is stored (product.md 15).
 * The name of a file follows the rule of titles, its folder the rule of paths.
 */
export function applyPrivacy(
  document: { name: string; path: string },
  rules: PrivacyRules,
): { name: string; path: string } {
  return {
    name: applyRule(document.name, rules.titlePrivacy, rules.hashKey).slice(0, NAME_MAX).toWellFormed(),
    path: applyRule(document.path, rules.pathPrivacy, rules.hashKey).slice(0, PATH_MAX).toWellFormed(),
  };
}

function applyRule(text: string, rule: PrivacyRule, hashKey: string): string {
  // Control characters are no text, and PostgreSQL refuses the zero.
  const plain = text.replace(/\p{Cc}+/gu, ' ').trim();
  if (plain === '') return '';
  switch (rule) {
    case 'keep':
      return plain;
    case 'baseName':
      return plain.includes('\\') ? win32.basename(plain) : posix.basename(plain);
    case 'hash':
      return createHmac('sha256', Buffer.from(hashKey, 'base64url')).update(plain).digest('base64url');
    case 'drop':
      return '';
  }
}
