/** Which place of the rail is shown. */
export type Place = "units" | "activity" | "help" | "preferences";

class Navigation {
  place = $state<Place>("units");
  /** What is shown of a unit in the place of the list or its configuration. */
  over = $state<"security" | "audit" | "lists" | null>(null);
}

export const navigation = new Navigation();
