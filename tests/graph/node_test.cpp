#include "catch.h"
#include "toy_ops.h"

#include <cmath>
#include <sstream>
#include <thread>

#include "array/access.h"

using namespace croton;
using namespace croton::toy;

TEST_CASE("a handle is a counted pointer: copies share the node, the last one frees it") {
  Tensor x = scalar("x");
  CHECK(x.node()->references == 1);
  {
    const Tensor y = x;
    CHECK(same(x, y));
    CHECK(x.node()->references == 2);
  }
  CHECK(x.node()->references == 1);
  const Tensor moved = std::move(x);
  CHECK(moved.node()->references == 1);
  CHECK(x.node() == nullptr);
  Tensor z = moved;
  const Tensor& itself = z;
  z = itself;
  CHECK(z.node()->references == 2);
}

TEST_CASE("inputs have the dtypes, ranks and extents that their names say") {
  CHECK(type(scalar("s")) == Type{floatX(), {}});
  CHECK(type(fmatrix("m")) == Type{float32, {-1, -1}});
  CHECK(type(lvector("v")) == Type{DType::int64, {-1}});
  CHECK(type(row("r", float32)) == Type{float32, {1, -1}});
  CHECK(type(col("c", float32)) == Type{float32, {-1, 1}});
  CHECK(type(tensor("t", DType::int8, {2, any_extent, 3})) == Type{DType::int8, {2, -1, 3}});
  CHECK(tensor4("q", float32).ndim() == 4);
  CHECK(type(tensor5("q", float32)) == type(ftensor5("q")));
  CHECK(type(itensor3("q")) == Type{DType::int32, {-1, -1, -1}});
  CHECK_THROWS_WITH(tensor("t", float32, {2, -3}, Where{"fit.cpp", 4, ""}),
                    "fit.cpp:4: tensor \"t\": axis 1 has extent -3; an extent is a count, or any_extent (-1)");
}

TEST_CASE("a name belongs to the node and is shown by every handle") {
  const Tensor x = scalar();
  const Tensor y = x;
  CHECK(same(x.named("lr"), x));
  CHECK(y.name() == "lr");
}

TEST_CASE("a bare number is a weak constant of floatX or int64") {
  const Tensor half = 0.5;
  CHECK(half.dtype() == floatX());
  CHECK(half.node()->weak);
  CHECK(half.node()->value.item<double>() == 0.5);
  const Tensor three = 3u;
  CHECK(three.dtype() == DType::int64);
  CHECK(three.node()->value.item<int>() == 3);
  const Tensor large = 18446744073709551615u;
  CHECK(large.dtype() == DType::uint64);
  CHECK(large.node()->value.item<std::uint64_t>() == 18446744073709551615u);
  CHECK_FALSE(Tensor(Array{1.f, 2.f}).node()->weak);
}

TEST_CASE("an Array that became a constant does not change under the graph") {
  std::vector<float> mine{1, 2};
  Array a = Array::borrow(mine.data(), {2});
  const Tensor c = constant(a, "c");
  mine[0] = 7;
  Array b{3.f, 4.f};
  const Tensor d = constant(b);
  b.mutable_values<float>()[0] = 7;
  CHECK(c.node()->value.at<float>(0) == 1);
  CHECK(d.node()->value.at<float>(0) == 3);
}

TEST_CASE("an empty handle is refused by name, with the line of the user's program") {
  const Tensor never, x = scalar("x");
  const Where w{"fit.cpp", 9, ""};
  CHECK_THROWS_WITH(call(add, {never, x}, {}, w),
                    "fit.cpp:9: the left side of + is an empty Tensor (declared, never assigned)");
  CHECK_THROWS_WITH(call(mul, {x, never}, {}, w),
                    "fit.cpp:9: the right side of * is an empty Tensor (declared, never assigned)");
  CHECK_THROWS_WITH(call(tanh_op, {never}, {}, w),
                    "fit.cpp:9: the argument of tanh is an empty Tensor (declared, never assigned)");
  CHECK_THROWS_WITH(call(dot, {x, never}, {}, w),
                    "fit.cpp:9: argument 2 of contract is an empty Tensor (declared, never assigned)");
  const Operand left = never, right = 1;
  CHECK_THROWS_WITH(refuse_empty("add", {&left, &right}, w),
                    "fit.cpp:9: the left side of + is an empty Tensor (declared, never assigned)");
  CHECK_THROWS_AS(never.dtype(), GraphError);
  CHECK_THROWS_AS(never.named("n"), GraphError);
}

TEST_CASE("apply takes the type from the op's rule, which sees static shapes and integers") {
  const Tensor x = tensor("x", float32, {5, any_extent}), y = tensor("y", float32, {1, 4});
  CHECK(type(call(add, {x, y})) == Type{float32, {5, 4}});
  const Tensor n = call(mul, {call(shape_of, {x}, {{"axis", Index{0}}}), Tensor(3)});
  CHECK(static_integers(n) == std::vector<Index>{15});
  CHECK(type(call(ramp, {n})) == Type{float64, {15}});
  const Tensor unknown = call(shape_of, {x}, {{"axis", Index{1}}});
  CHECK_FALSE(static_integers(unknown));
  CHECK(type(call(ramp, {unknown})) == Type{float64, {-1}});
  const Tensor both = call(stack, {n, Tensor(2)});
  CHECK(static_integers(both) == std::vector<Index>{15, 2});
  CHECK(static_integers(call(item, {both}, {{"at", Index{1}}})) == std::vector<Index>{2});
}

TEST_CASE("the outermost WhereScope gives its place to everything made inside it") {
  const Where outer{"user.cpp", 3, ""};
  const Tensor x = scalar("x");
  {
    const WhereScope scope(outer);
    const WhereScope inner(Where{"library.cpp", 99, ""});
    CHECK(call(tanh_op, {x}).node()->where.line == 3);
    CHECK(Tensor(1.0).node()->where.line == 3);
  }
  CHECK(call(tanh_op, {x}).node()->where.line == __LINE__);
}

TEST_CASE("handles are copied and dropped by many threads at once") {
  const Tensor x = scalar("x");
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) { const Tensor copy = x, y = call(tanh_op, {copy}); }
    });
  for (std::thread& t : threads) t.join();
  CHECK(x.node()->references == 1);
}

TEST_CASE("lists are built from what people have in hand") {
  const Tensor n = lscalar("n"), shape = lvector("shape");
  CHECK(Dims(5).list.size() == 1);
  CHECK(Dims{n, 3}.list.size() == 2);
  CHECK(Dims{n, 3}.list[1].n == 3);
  CHECK(Dims(shape).whole);
  CHECK_FALSE(Dims(n).whole);
  CHECK(Dims(Extents{2, 3, 4}).list.size() == 3);
  CHECK(Axes().everything);
  CHECK(Axes{0, -1}.list == std::vector<int>{0, -1});
  CHECK(Tensors{n, shape}.list().size() == 2);
  CHECK(IndexItem(slice(1, n)).slice().stop.t.node() == n.node());
  CHECK(IndexItem(all).kind() == IndexItem::Kind::slice);
  CHECK(IndexItem(std::vector<int>{1, 2}).tensor().dtype() == DType::int32);
  CHECK(IndexItem(7).where().line == __LINE__);
}

TEST_CASE("equality, hash and text of parameters come from the list") {
  const Params a{{"axes", std::vector<Index>{0, 1}}, {"keep", true}},
      b{{"axes", std::vector<Index>{0, 2}}, {"keep", true}};
  CHECK(a == a);
  CHECK_FALSE(a == b);
  CHECK(a.hash() != b.hash());
  CHECK(a.text() == "{axes=[0, 1], keep=True}");
  const Params nan{{"x", std::nan("")}}, zero{{"x", 0.0}}, minus{{"x", -0.0}};
  CHECK(nan == nan);
  CHECK_FALSE(zero == minus);
  CHECK(zero.text() == "{x=0.0}");
  CHECK(Params{}.text().empty());
  CHECK_THROWS_AS(a.integer("axes"), std::logic_error);
  CHECK_THROWS_AS(a.integer("axis"), std::logic_error);
  CHECK(text(Type{float32, {5000, -1}}) == "float32[5000, ?]");
}
