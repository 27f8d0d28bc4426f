import { checkKey } from "@state/core/adapter";

/**
 * Whether a name can be that of one of the store's objects. `lost+found` cannot, nor can a staging
 * file.
 */
export function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
