#include "debugadapter/protocol/fields.h"

#include <gtest/gtest.h>

namespace batchscope::protocol {
namespace {

TEST(Fields, AreReadOrFallBack) {
  const Json object = {{"text", "x"},     {"flag", true},        {"number", 3},       {"float", 4.0},
                       {"null", nullptr}, {"texts", {"a", "b"}}, {"numbers", {1, 2}}, {"object", {{"a", 1}}}};
  Fields fields(object);
  EXPECT_EQ(fields.Text("text"), "x");
  EXPECT_EQ(fields.Text("null", "y"), "y");
  EXPECT_TRUE(fields.Flag("flag"));
  EXPECT_EQ(fields.NeededInteger("number"), 3);
  EXPECT_EQ(fields.Integer("float"), 4);
  EXPECT_EQ(fields.MaybeInteger("none"), std::nullopt);
  EXPECT_EQ(fields.Texts("texts"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fields.Integers("numbers"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(fields.Object("object"), (Json{{"a", 1}}));
  EXPECT_TRUE(fields.Array("none").empty());
  EXPECT_TRUE(fields.ok());
}

TEST(Fields, RememberTheFirstThatIsWrong) {
  const auto message = [](const Json& object, auto read) {
    Fields fields(object);
    read(fields);
    return fields.status().message();
  };
  EXPECT_EQ(message({{"a", 1}}, [](Fields& f) { f.Text("a"), f.NeededText("b"); }),
            "'arguments.a' is 1, expected a string");
  EXPECT_EQ(message({{"a", 1.5}}, [](Fields& f) { f.Integer("a"); }), "'arguments.a' is 1.5, expected a whole number");
  EXPECT_EQ(message({{"a", 1e300}}, [](Fields& f) { f.Integer("a"); }),
            "'arguments.a' is 1e+300, expected a whole number");
  EXPECT_EQ(message({{"a", 18446744073709551615u}}, [](Fields& f) { f.Integer("a"); }),
            "'arguments.a' is 18446744073709551615, expected a whole number");
  EXPECT_EQ(message({{"a", "yes"}}, [](Fields& f) { f.Flag("a"); }),
            "'arguments.a' is a string, expected true or false");
  EXPECT_EQ(message({{"a", {1, "x"}}}, [](Fields& f) { f.Integers("a"); }),
            "'arguments.a[1]' is a string, expected a whole number");
  EXPECT_EQ(message({{"a", {1}}}, [](Fields& f) { f.Object("a"); }), "'arguments.a' is an array, expected an object");
  EXPECT_EQ(message(Json::array(), [](Fields& f) { f.Text("a"); }), "'arguments' is an array, expected an object");
}

}  // namespace
}  // namespace batchscope::protocol
