/** Questions to begin with: of the kind that the embedded models know, written for the page. */
export const exampleQuestions: readonly string[] = [
  'Mia has 4 bags of 7 nuts. How many nuts does Mia have?',
  'A baker makes 6 trays of 8 rolls and sells 19 of them. How many rolls are left?',
  'Tom has 3 apples and buys 4 more. He gives 2 of them to Ann. How many apples has Tom now?',
  'A train has 5 cars with 24 seats each. 37 seats are taken. How many seats are free?',
];
