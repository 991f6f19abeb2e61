/** Whether the keychain waits for a person to answer the system's prompt. */
import { door } from "$lib/door";

class Keychain {
  waits = $state(false);

  skip(): void {
    void door.backend.skipKeychain();
  }
}

export const keychain = new Keychain();
