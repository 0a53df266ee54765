//! Functions and closures keep the environment that they were written in when they cross the border
//! of a module. Rhai alone gets about half of these wrong, some of them without a word.

use crate::folder::Folder;

/// A module of the kind that a library is: constants, helpers, higher-order functions.
const M: &str = r#"
    const HIDDEN = 5;
    fn helper(x) { x * 100 }
    private fn secret(x) { x }
    fn hidden() { global::HIDDEN }
    fn each_of(items, f) { let out = []; for x in items { out.push(f.call(x)); } out }
    fn wrap(items, f) { each_of(items, |x| f.call(x) + helper(1)) }
    fn make() { |x| helper(x) + 1 }
    fn make_with(k) { |x| helper(x) + k + global::HIDDEN }
    fn make_object() { #{ v: 3, inc: |x| helper(x), bump: || this.v += 1 } }
    fn again(n, f) { let last = (); for i in 0..n { try { return f.call(); } catch (e) { last = e; } } throw last; }
    fn each_map(items, f) { items.map(f) }
    export const callback = |x| helper(x);
    fn options(o) { o.f.call(1) }
    fn compare(items, f) { items.sort(f); items }
    fn filtered(items, f) { items.filter(f) }
    fn as_method(object, f) { object.call(f); object }
"#;

const OUTER: &str = r#"
    import "m" as m;
    fn outer(items, f) { m::each_of(items, f) }
    fn outer_closure(items, f) { m::each_of(items, |x| f.call(x)) }
"#;

fn value_of(script: &str) -> String {
    Folder::with(&[("m.rhai", M), ("m2.rhai", OUTER)]).eval(script)
}

/// A name, a script, and what it gives.
macro_rules! borders {
    ($($name:ident: $script:expr => $expected:expr;)*) => {
        $(#[test] fn $name() { assert_eq!(value_of($script), $expected); })*
    };
}

borders! {
    a_closure_sees_its_variables_in_a_module:
        r#"import "m" as m; let k = 3; m::each_of([1, 2, 3], |x| x + k)"# => "[4, 5, 6]";
    a_closure_calls_functions_of_its_script:
        r#"import "m" as m; fn double(x) { x * 2 } m::each_of([1, 2, 3], |x| double(x))"# => "[2, 4, 6]";
    a_function_is_passed_by_name:
        r#"import "m" as m; fn double(x) { x * 2 } m::each_of([1, 2, 3], double)"# => "[2, 4, 6]";
    a_function_of_a_name_that_the_module_has_too:
        r#"import "m" as m; fn helper(x) { x * 2 } m::each_of([1, 2, 3], helper)"# => "[2, 4, 6]";
    a_pointer_to_a_function_of_a_name_that_the_module_has_too:
        r#"import "m" as m; fn helper(x) { x * 2 } m::each_of([1, 2, 3], Fn("helper"))"# => "[2, 4, 6]";
    a_closure_that_calls_a_function_of_a_name_that_the_module_has_too:
        r#"import "m" as m; fn helper(x) { x * 2 } m::each_of([1, 2, 3], |x| helper(x))"# => "[2, 4, 6]";
    a_closure_within_a_closure_of_the_module:
        r#"import "m" as m; let k = 3; m::wrap([1, 2, 3], |x| x + k)"# => "[104, 105, 106]";
    a_closure_that_a_module_made:
        r#"import "m" as m; let f = m::make(); f.call(2)"# => "201";
    a_closure_that_a_module_made_with_its_constant:
        r#"import "m" as m; const HIDDEN = 9; let f = m::make_with(7); f.call(2)"# => "212";
    a_closure_that_goes_back_where_it_came_from:
        r#"import "m" as m; m::each_of([1], m::make())"# => "[101]";
    an_object_with_a_method_that_a_module_made:
        r#"import "m" as m; let o = m::make_object(); o.inc(2)"# => "200";
    an_object_that_a_method_of_a_module_changes:
        r#"import "m" as m; let o = m::make_object(); o.bump(); o.bump(); o.v"# => "5";
    an_exported_closure:
        r#"import "m" as m; m::callback.call(2)"# => "200";
    a_closure_in_an_option_map:
        r#"import "m" as m; fn helper(x) { x * 2 } m::options(#{ f: |x| helper(x) })"# => "2";
    a_closure_that_is_called_again:
        r#"import "m" as m; fn g() { 7 } m::again(3, || g())"# => "7";
    what_a_closure_throws_arrives:
        r#"import "m" as m; fn g() { throw #{ code: 3 } } try { m::again(3, || g()) } catch (e) { return e.code; }"# => "3";
    a_closure_for_map:
        r#"import "m" as m; fn helper(x) { x * 7 } m::each_map([1, 2], |x| helper(x))"# => "[7, 14]";
    a_closure_for_map_that_takes_the_index_too:
        r#"import "m" as m; fn helper(x) { x * 7 } m::each_map([1, 2], |x, i| helper(x) + i)"# => "[7, 15]";
    a_closure_through_two_modules:
        r#"import "m2" as m2; fn helper(x) { x * 7 } m2::outer([1, 2], |x| helper(x))"# => "[7, 14]";
    a_closure_within_a_closure_through_two_modules:
        r#"import "m2" as m2; fn helper(x) { x * 7 } m2::outer_closure([1, 2], |x| helper(x))"# => "[7, 14]";
    a_constant_of_a_name_that_the_module_has_too:
        r#"import "m" as m; const HIDDEN = 9; fn g(x) { x + global::HIDDEN } m::each_of([1, 2], |x| g(x))"# => "[10, 11]";
    a_comparison_for_sort:
        r#"import "m" as m; m::compare([3, 1, 2], |a, b| b - a)"# => "[3, 2, 1]";
    a_condition_for_filter:
        r#"import "m" as m; let k = 1; m::filtered([3, 1, 2], |a| a > k)"# => "[3, 2]";
    a_closure_within_a_function:
        r#"import "m" as q; fn helper(x) { x } fn g(x) { let k = 2; q::each_of([1, 2], |y| helper(y) * k + x) } g(1)"# => "[3, 5]";
    a_variable_that_a_closure_changes:
        r#"import "m" as m; let n = 0; m::each_of([1, 2, 3], |x| { n += x; }); n"# => "6";
    a_method_that_changes_its_object:
        r#"import "m" as m; let k = 4; m::as_method(#{ v: 1 }, || this.v += k).v"# => "5";
    a_function_called_as_the_bound_ones_are:
        r#"import "m" as m; fn bound_closure(x) { x + 1 } m::each_of([1], bound_closure)"# => "[2]";
    a_private_function_is_not_there:
        r#"import "m" as m; try { m::secret(1); } catch { return "refused"; }"# => r#""refused""#;
    a_constant_of_the_module_in_its_function:
        r#"import "m" as m; const HIDDEN = 9; m::hidden()"# => "5";
}

#[test]
fn a_module_that_returns_early_keeps_its_constants() {
    let folder = Folder::with(&[(
        "early.rhai",
        "const LIMIT = 7; fn limit() { global::LIMIT } fn made() { || global::LIMIT } return;",
    )]);
    assert_eq!(folder.eval(r#"import "early" as e; [e::limit(), e::made().call()]"#), "[7, 7]");
}

#[test]
fn a_module_uses_what_it_imported_in_functions_that_others_call() {
    let folder = Folder::with(&[
        ("a.rhai", r#"import "b" as b; fn twice(x) { b::double(x) } fn maker() { |x| b::double(x) }"#),
        ("b.rhai", "fn double(x) { x * 2 }"),
    ]);
    assert_eq!(
        folder.eval(r#"import "a" as a; [a::twice(2), a::maker().call(3), a::b::double(4)]"#),
        "[4, 6, 8]"
    );
}
