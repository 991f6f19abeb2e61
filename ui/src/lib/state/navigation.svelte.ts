/** Which place of the rail is shown. */
export type Place = "units" | "activity" | "help" | "preferences";

class Navigation {
  place = $state<Place>("units");
}

export const navigation = new Navigation();
