/** Says, once, why the tests of the window are left out where they are. */
import { missing } from "./programs";

export default function say(): void {
  const lacking = missing();
  if (lacking.length > 0) console.info(`skipped: this machine has no ${lacking.join(", ")}`);
}
